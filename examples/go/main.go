// A first call with the OpenAI SDK: set OPENAI_BASE_URL and OPENAI_API_KEY; go run .
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/openai/openai-go/v3"
)

func main() {
	model := os.Getenv("MODEL")
	if model == "" {
		model = "demo"
	}
	client := openai.NewClient() // reads OPENAI_BASE_URL (http://127.0.0.1:4242/v1) and OPENAI_API_KEY (sk-…)
	question := openai.ChatCompletionNewParams{
		Model:    openai.ChatModel(model),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello!")},
	}

	answer, err := client.Chat.Completions.New(context.Background(), question)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Choices[0].Message.Content)

	stream := client.Chat.Completions.NewStreaming(context.Background(), question)
	for stream.Next() {
		if choices := stream.Current().Choices; len(choices) > 0 {
			fmt.Print(choices[0].Delta.Content)
		}
	}
	if err := stream.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println()
}
