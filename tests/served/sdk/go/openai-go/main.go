// Uses the official Go client against the gateway that its environment names.
package main

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"sdktests/seen"
)

const answer = "vendor/answer"

var (
	ctx      = context.Background()
	messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello there")}
	tools    = []openai.ChatCompletionToolUnionParam{tool("get_weather"), tool("get_time")}
)

func tool(name string) openai.ChatCompletionToolUnionParam {
	parameters := openai.FunctionParameters{"type": "object", "properties": map[string]any{}}
	return openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{Name: name, Parameters: parameters})
}

func client(key string, retries int) openai.Client {
	return openai.NewClient(option.WithAPIKey(os.Getenv(key)), option.WithMaxRetries(retries))
}

func ask(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: messages}
}

func complete(key string, retries int, request openai.ChatCompletionNewParams) (*openai.ChatCompletion, error) {
	c := client(key, retries)
	return c.Chat.Completions.New(ctx, request)
}

func text(model string, retries int) (seen.Result, error) {
	got, err := complete("OPENAI_API_KEY", retries, ask(model))
	if err != nil {
		return nil, err
	}
	return got.Choices[0].Message.Content, nil
}

func counts(usage openai.CompletionUsage) []int64 {
	return []int64{usage.PromptTokens, usage.CompletionTokens, usage.TotalTokens}
}

func plain() (seen.Result, error) {
	got, err := complete("OPENAI_API_KEY", 0, ask(answer))
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

func chunks(request openai.ChatCompletionNewParams, each func(openai.ChatCompletionChunk)) error {
	c := client("OPENAI_API_KEY", 0)
	stream := c.Chat.Completions.NewStreaming(ctx, request)
	defer stream.Close()
	for stream.Next() {
		each(stream.Current())
	}
	return stream.Err()
}

// Without usage every chunk has a choice: samples take the first one unseen.
func stream() (seen.Result, error) {
	got := seen.NewStreamed()
	err := chunks(ask(answer), func(chunk openai.ChatCompletionChunk) {
		add(&got, chunk.Choices[0])
		addUsage(&got, chunk)
	})
	return got, err
}

func streamUsage() (seen.Result, error) {
	got := seen.NewStreamed()
	request := ask(answer)
	request.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)}
	err := chunks(request, func(chunk openai.ChatCompletionChunk) {
		for _, choice := range chunk.Choices {
			add(&got, choice)
		}
		addUsage(&got, chunk)
	})
	return got, err
}

func add(got *seen.Streamed, choice openai.ChatCompletionChunkChoice) {
	got.Content += choice.Delta.Content
	if choice.FinishReason != "" {
		got.FinishReasons = append(got.FinishReasons, choice.FinishReason)
	}
}

func addUsage(got *seen.Streamed, chunk openai.ChatCompletionChunk) {
	if chunk.JSON.Usage.Valid() {
		got.Usage = append(got.Usage, counts(chunk.Usage))
	}
}

func called(choice openai.ChatCompletionChoice) seen.Result {
	all := [][]string{}
	for _, call := range choice.Message.ToolCalls {
		all = append(all, []string{call.ID, call.Function.Name, call.Function.Arguments})
	}
	return map[string]any{"calls": all, "finish_reason": choice.FinishReason}
}

func toolsWhole() (seen.Result, error) {
	request := ask("tools")
	request.Tools = tools
	got, err := complete("OPENAI_API_KEY", 0, request)
	if err != nil {
		return nil, err
	}
	return called(got.Choices[0]), nil
}

func toolsStream() (seen.Result, error) {
	request := ask("tools")
	request.Tools = tools
	var whole openai.ChatCompletionAccumulator
	taken := true
	err := chunks(request, func(chunk openai.ChatCompletionChunk) { taken = whole.AddChunk(chunk) && taken })
	if err != nil {
		return nil, err
	}
	if !taken {
		return nil, errors.New("the accumulator refused a chunk")
	}
	return called(whole.Choices[0]), nil
}

func header(headers http.Header, name string) *string {
	if value := headers.Get(name); value != "" {
		return &value
	}
	return nil
}

func refused(key string, retries int, request openai.ChatCompletionNewParams) (seen.Result, error) {
	_, err := complete(key, retries, request)
	var refusal *openai.Error
	if !errors.As(err, &refusal) {
		return nil, err
	}
	return seen.Refused{
		Status:       refusal.StatusCode,
		Code:         refusal.Code,
		Type:         refusal.Type,
		Message:      refusal.Message,
		RetryAfter:   header(refusal.Response.Header, "retry-after"),
		RequestsLeft: header(refusal.Response.Header, "x-ratelimit-remaining-requests"),
	}, nil
}

func refusal(key string, retries int, request openai.ChatCompletionNewParams) func() (seen.Result, error) {
	return func() (seen.Result, error) { return refused(key, retries, request) }
}

func limited() (seen.Result, error) {
	if _, err := complete("LIMITED_KEY", 0, ask("demo")); err != nil {
		return nil, err
	}
	return refused("LIMITED_KEY", 0, ask("demo"))
}

func broken() (seen.Result, error) {
	content := ""
	err := chunks(ask("broken"), func(chunk openai.ChatCompletionChunk) { content += chunk.Choices[0].Delta.Content })
	var failure *ssestream.StreamError
	if !errors.As(err, &failure) {
		return map[string]any{"content": content}, err
	}
	return map[string]any{"content": content, "event": string(failure.Event.Data)}, nil
}

func models() (seen.Result, error) {
	c := client("OPENAI_API_KEY", 0)
	pages := c.Models.ListAutoPaging(ctx)
	ids := []string{}
	for pages.Next() {
		ids = append(ids, pages.Current().ID)
	}
	return ids, pages.Err()
}

func model() (seen.Result, error) {
	c := client("OPENAI_API_KEY", 0)
	got, err := c.Models.Get(ctx, answer)
	if err != nil {
		return nil, err
	}
	return got.ID, nil
}

func main() {
	invalid := ask("demo")
	invalid.Messages = []openai.ChatCompletionMessageParamUnion{}
	seen.Print(map[string]func() (seen.Result, error){
		"demo":          func() (seen.Result, error) { return text("demo", 0) },
		"plain":         plain,
		"stream":        stream,
		"stream_usage":  streamUsage,
		"tools":         toolsWhole,
		"tools_stream":  toolsStream,
		"unknown_key":   refusal("UNKNOWN_KEY", 0, ask("demo")),
		"spent":         refusal("SPENT_KEY", 0, ask(answer)),
		"invalid":       refusal("OPENAI_API_KEY", 0, invalid),
		"overflow":      refusal("OPENAI_API_KEY", 0, ask("overflow")),
		"limited":       limited,
		"no_such_model": refusal("COUNTED_KEY", 2, ask("no-such-model")),
		"broken":        broken,
		"put_off":       func() (seen.Result, error) { return text(os.Getenv("BUSY_MODEL"), 2) },
		"models":        models,
		"model":         model,
	})
}
