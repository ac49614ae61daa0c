package main

var connFamily = []Mutant{}
