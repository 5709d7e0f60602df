// The same answers as app.py, by Go's net/http. `main PORT`.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	all := make([]byte, 256)
	for number := range all {
		all[number] = byte(number)
	}
	big := bytes.Repeat(all, 1<<15)
	http.HandleFunc("/length", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	http.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { w.Write(big) })
	http.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packer := gzip.NewWriter(w)
		io.WriteString(packer, strings.Repeat("hello", 100))
		packer.Close()
	})
	http.HandleFunc("/refuse", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(w, "too long")
	})
	http.HandleFunc("/chunks", func(w http.ResponseWriter, r *http.Request) {
		for _, letter := range "hello" {
			fmt.Fprint(w, string(letter))
			w.(http.Flusher).Flush()
		}
	})
	http.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	})
	server := http.Server{Addr: "127.0.0.1:" + os.Args[1], IdleTimeout: time.Second}
	log.Fatal(server.ListenAndServe())
}
