package list

var connFamily = []Mutant{}
