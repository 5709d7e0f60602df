// Uses github.com/sashabaranov/go-openai against the gateway that its environment names. It never tries again.
package main

import (
	"context"
	"errors"
	"io"
	"os"

	openai "github.com/sashabaranov/go-openai"

	"sdktests/seen"
)

const answer = "vendor/answer"

var (
	ctx      = context.Background()
	messages = []openai.ChatCompletionMessage{{Role: "user", Content: "Hello there"}}
	tools    = []openai.Tool{tool("get_weather"), tool("get_time")}
)

func tool(name string) openai.Tool {
	parameters := map[string]any{"type": "object", "properties": map[string]any{}}
	return openai.Tool{Type: "function", Function: &openai.FunctionDefinition{Name: name, Parameters: parameters}}
}

func client(key string) *openai.Client {
	config := openai.DefaultConfig(os.Getenv(key))
	config.BaseURL = os.Getenv("OPENAI_BASE_URL")
	return openai.NewClientWithConfig(config)
}

func ask(model string) openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{Model: model, Messages: messages}
}

func complete(key string, request openai.ChatCompletionRequest) (openai.ChatCompletionResponse, error) {
	return client(key).CreateChatCompletion(ctx, request)
}

func text(model string) (seen.Result, error) {
	got, err := complete("OPENAI_API_KEY", ask(model))
	if err != nil {
		return nil, err
	}
	return got.Choices[0].Message.Content, nil
}

func counts(usage openai.Usage) []int64 {
	return []int64{int64(usage.PromptTokens), int64(usage.CompletionTokens), int64(usage.TotalTokens)}
}

func plain() (seen.Result, error) {
	got, err := complete("OPENAI_API_KEY", ask(answer))
	if err != nil {
		return nil, err
	}
	choice := got.Choices[0]
	return map[string]any{
		"content":       choice.Message.Content,
		"finish_reason": choice.FinishReason,
		"model":         got.Model,
		"usage":         counts(got.Usage),
	}, nil
}

func chunks(request openai.ChatCompletionRequest, each func(openai.ChatCompletionStreamResponse)) error {
	stream, err := client("OPENAI_API_KEY").CreateChatCompletionStream(ctx, request)
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		each(chunk)
	}
}

// Without usage every chunk has a choice: samples take the first one unseen.
func stream() (seen.Result, error) {
	got := seen.NewStreamed()
	err := chunks(ask(answer), func(chunk openai.ChatCompletionStreamResponse) {
		add(&got, chunk.Choices[0])
		addUsage(&got, chunk.Usage)
	})
	return got, err
}

func streamUsage() (seen.Result, error) {
	got := seen.NewStreamed()
	request := ask(answer)
	request.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	err := chunks(request, func(chunk openai.ChatCompletionStreamResponse) {
		for _, choice := range chunk.Choices {
			add(&got, choice)
		}
		addUsage(&got, chunk.Usage)
	})
	return got, err
}

func add(got *seen.Streamed, choice openai.ChatCompletionStreamChoice) {
	got.Content += choice.Delta.Content
	if choice.FinishReason != "" {
		got.FinishReasons = append(got.FinishReasons, string(choice.FinishReason))
	}
}

func addUsage(got *seen.Streamed, usage *openai.Usage) {
	if usage != nil {
		got.Usage = append(got.Usage, counts(*usage))
	}
}

func called(calls []openai.ToolCall, reason openai.FinishReason) seen.Result {
	all := [][]string{}
	for _, call := range calls {
		all = append(all, []string{call.ID, call.Function.Name, call.Function.Arguments})
	}
	return map[string]any{"calls": all, "finish_reason": reason}
}

func toolsWhole() (seen.Result, error) {
	request := ask("tools")
	request.Tools = tools
	got, err := complete("OPENAI_API_KEY", request)
	if err != nil {
		return nil, err
	}
	return called(got.Choices[0].Message.ToolCalls, got.Choices[0].FinishReason), nil
}

// The library joins nothing: its users put the pieces together by index.
func toolsStream() (seen.Result, error) {
	request := ask("tools")
	request.Tools = tools
	var calls []openai.ToolCall
	var reason openai.FinishReason
	err := chunks(request, func(chunk openai.ChatCompletionStreamResponse) {
		for _, part := range chunk.Choices[0].Delta.ToolCalls {
			if *part.Index == len(calls) {
				calls = append(calls, openai.ToolCall{})
			}
			call := &calls[*part.Index]
			call.ID += part.ID
			call.Function.Name += part.Function.Name
			call.Function.Arguments += part.Function.Arguments
		}
		reason += chunk.Choices[0].FinishReason
	})
	return called(calls, reason), err
}

func refused(key string, request openai.ChatCompletionRequest) (seen.Result, error) {
	_, err := complete(key, request)
	var refusal *openai.APIError
	if !errors.As(err, &refusal) {
		return nil, err
	}
	return seen.Refused{
		Status:  refusal.HTTPStatusCode,
		Code:    refusal.Code,
		Type:    refusal.Type,
		Message: refusal.Message,
	}, nil
}

func refusal(key string, request openai.ChatCompletionRequest) func() (seen.Result, error) {
	return func() (seen.Result, error) { return refused(key, request) }
}

func limited() (seen.Result, error) {
	if _, err := complete("LIMITED_KEY", ask("demo")); err != nil {
		return nil, err
	}
	return refused("LIMITED_KEY", ask("demo"))
}

func broken() (seen.Result, error) {
	content := ""
	err := chunks(ask("broken"), func(chunk openai.ChatCompletionStreamResponse) {
		content += chunk.Choices[0].Delta.Content
	})
	var failure *openai.APIError
	if !errors.As(err, &failure) {
		return map[string]any{"content": content}, err
	}
	return map[string]any{"content": content, "code": failure.Code, "message": failure.Message}, nil
}

func models() (seen.Result, error) {
	list, err := client("OPENAI_API_KEY").ListModels(ctx)
	ids := []string{}
	for _, model := range list.Models {
		ids = append(ids, model.ID)
	}
	return ids, err
}

func model() (seen.Result, error) {
	got, err := client("OPENAI_API_KEY").GetModel(ctx, answer)
	return got.ID, err
}

func main() {
	invalid := ask("demo")
	invalid.Messages = []openai.ChatCompletionMessage{}
	seen.Print(map[string]func() (seen.Result, error){
		"demo":          func() (seen.Result, error) { return text("demo") },
		"plain":         plain,
		"stream":        stream,
		"stream_usage":  streamUsage,
		"tools":         toolsWhole,
		"tools_stream":  toolsStream,
		"unknown_key":   refusal("UNKNOWN_KEY", ask("demo")),
		"spent":         refusal("SPENT_KEY", ask(answer)),
		"invalid":       refusal("OPENAI_API_KEY", invalid),
		"overflow":      refusal("OPENAI_API_KEY", ask("overflow")),
		"limited":       limited,
		"no_such_model": refusal("COUNTED_KEY", ask("no-such-model")),
		"broken":        broken,
		"models":        models,
		"model":         model,
	})
}
