// Package seen prints what a client saw, scenario by scenario, as one JSON document.
package seen

import (
	"encoding/json"
	"fmt"
	"os"
)

// Result is what a scenario saw.
type Result = any

// Streamed is what came of a stream.
type Streamed struct {
	Content       string    `json:"content"`
	FinishReasons []string  `json:"finish_reasons"`
	Usage         [][]int64 `json:"usage"`
}

// NewStreamed has empty lists, which JSON must not show as null.
func NewStreamed() Streamed {
	return Streamed{FinishReasons: []string{}, Usage: [][]int64{}}
}

// Refused is an error that came instead of an answer.
type Refused struct {
	Status       int     `json:"status"`
	Code         any     `json:"code"`
	Type         string  `json:"type"`
	Message      string  `json:"message"`
	RetryAfter   *string `json:"retry_after,omitempty"`
	RequestsLeft *string `json:"requests_left,omitempty"`
}

// Print runs the scenarios; one that fails must not hide the others.
func Print(scenarios map[string]func() (Result, error)) {
	seen := map[string]Result{}
	for name, work := range scenarios {
		result, err := work()
		if err != nil {
			result = map[string]string{"failed": fmt.Sprint(err)}
		}
		seen[name] = result
	}
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		panic(err)
	}
}
