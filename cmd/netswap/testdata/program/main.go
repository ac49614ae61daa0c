// Command program prints whose sockets it uses.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"reflect"

	"example.com/dep"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(c, c)
		c.Close()
	}()
	c, err := dep.Dial(new(net.Dialer), l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(c, "hello")
	line, err := bufio.NewReader(c).ReadString('\n')
	fmt.Print(line)
	fmt.Printf("%v %T %T %T\n", err, c, l, c.RemoteAddr())
	_, err = net.Dial("tcp", "127.0.0.1:none")
	fmt.Printf("%T %v\n", err, err)
	fmt.Println(whose(c))
}

// whose returns the package that declares the connection's type.
func whose(c net.Conn) string { return reflect.TypeOf(c).Elem().PkgPath() }
