import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** Uses the official Java client against the gateway that its environment names; prints what it saw as JSON. */
final class Client {
    private static final String ANSWER = "vendor/answer";
    private static final Map<String, OpenAIClient> CLIENTS = new LinkedHashMap<>();

    private static OpenAIClient client(String key, int retries) {
        return CLIENTS.computeIfAbsent(key + retries, name -> OpenAIOkHttpClient.builder()
                .fromEnv()
                .apiKey(System.getenv(key))
                .maxRetries(retries)
                .timeout(Duration.ofSeconds(20))
                .build());
    }

    private static OpenAIClient client() {
        return client("OPENAI_API_KEY", 0);
    }

    private static ChatCompletionCreateParams.Builder ask(String model) {
        return ChatCompletionCreateParams.builder().model(model).addUserMessage("Hello there");
    }

    private static ChatCompletionCreateParams askWithTools() {
        return ask("tools").addFunctionTool(tool("get_weather")).addFunctionTool(tool("get_time")).build();
    }

    private static FunctionDefinition tool(String name) {
        FunctionParameters parameters = FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty("properties", JsonValue.from(Map.of()))
                .build();
        return FunctionDefinition.builder().name(name).parameters(parameters).build();
    }

    private static ChatCompletion complete(OpenAIClient client, ChatCompletionCreateParams request) {
        return client.chat().completions().create(request);
    }

    private static String text(String model, int retries) {
        ChatCompletion answer = complete(client("OPENAI_API_KEY", retries), ask(model).build());
        return answer.choices().get(0).message().content().orElseThrow();
    }

    private static List<Long> counts(CompletionUsage usage) {
        return List.of(usage.promptTokens(), usage.completionTokens(), usage.totalTokens());
    }

    private static Object plain() {
        ChatCompletion answer = complete(client(), ask(ANSWER).build()).validate();
        ChatCompletion.Choice choice = answer.choices().get(0);
        return Map.of(
                "content", choice.message().content().orElseThrow(),
                "finish_reason", choice.finishReason().asString(),
                "model", answer.model(),
                "usage", counts(answer.usage().orElseThrow()));
    }

    /** What is gathered of a stream. */
    private static final class Streamed {
        private final StringBuilder content = new StringBuilder();
        private final List<String> finishReasons = new ArrayList<>();
        private final List<Object> usage = new ArrayList<>();

        void add(ChatCompletionChunk.Choice choice) {
            content.append(choice.delta().content().orElse(""));
            choice.finishReason().ifPresent(reason -> finishReasons.add(reason.asString()));
        }

        void addUsage(ChatCompletionChunk chunk) {
            chunk.usage().ifPresent(found -> usage.add(counts(found)));
        }

        Object seen() {
            return Map.of("content", content.toString(), "finish_reasons", finishReasons, "usage", usage);
        }
    }

    /** Without usage every chunk has a choice: samples take the first one unseen. */
    private static Object stream() {
        Streamed streamed = new Streamed();
        try (StreamResponse<ChatCompletionChunk> chunks = stream(ask(ANSWER).build())) {
            chunks.stream().map(ChatCompletionChunk::validate).forEach(chunk -> {
                streamed.add(chunk.choices().get(0));
                streamed.addUsage(chunk);
            });
        }
        return streamed.seen();
    }

    private static Object streamUsage() {
        Streamed streamed = new Streamed();
        ChatCompletionStreamOptions options = ChatCompletionStreamOptions.builder().includeUsage(true).build();
        try (StreamResponse<ChatCompletionChunk> chunks = stream(ask(ANSWER).streamOptions(options).build())) {
            chunks.stream().map(ChatCompletionChunk::validate).forEach(chunk -> {
                chunk.choices().forEach(streamed::add);
                streamed.addUsage(chunk);
            });
        }
        return streamed.seen();
    }

    private static StreamResponse<ChatCompletionChunk> stream(ChatCompletionCreateParams request) {
        return client().chat().completions().createStreaming(request);
    }

    private static Object called(ChatCompletion.Choice choice) {
        List<Object> calls = new ArrayList<>();
        choice.message().toolCalls().orElseThrow().forEach(call -> {
            var function = call.asFunction().function();
            calls.add(List.of(call.asFunction().id(), function.name(), function.arguments()));
        });
        return Map.of("calls", calls, "finish_reason", choice.finishReason().asString());
    }

    private static Object toolsStream() {
        ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> chunks = stream(askWithTools())) {
            chunks.stream().forEach(whole::accumulate);
        }
        return called(whole.chatCompletion().choices().get(0));
    }

    private static Object refused(OpenAIClient client, ChatCompletionCreateParams request) {
        try {
            complete(client, request);
        } catch (OpenAIServiceException error) {
            Map<String, Object> seen = new LinkedHashMap<>();
            seen.put("status", error.statusCode());
            seen.put("code", error.code().orElse(null));
            seen.put("type", error.type().orElse(null));
            seen.put("message", message(error));
            seen.put("retry_after", header(error, "retry-after"));
            seen.put("requests_left", header(error, "x-ratelimit-remaining-requests"));
            return seen;
        }
        return null;
    }

    private static String header(OpenAIServiceException error, String name) {
        return error.headers().values(name).stream().findFirst().orElse(null);
    }

    private static String message(OpenAIServiceException error) {
        return error.body().convert(JsonNode.class).path("message").asText();
    }

    private static Object refused(String key, String model) {
        return refused(client(key, 0), ask(model).build());
    }

    private static Object limited() {
        complete(client("LIMITED_KEY", 0), ask("demo").build());
        return refused("LIMITED_KEY", "demo");
    }

    private static Object broken() {
        StringBuilder content = new StringBuilder();
        try (StreamResponse<ChatCompletionChunk> chunks = stream(ask("broken").build())) {
            chunks.stream().forEach(chunk -> content.append(chunk.choices().get(0).delta().content().orElse("")));
        } catch (OpenAIServiceException error) {
            return Map.of(
                    "content", content.toString(),
                    "code", error.code().orElseThrow(),
                    "message", message(error));
        }
        return Map.of("content", content.toString());
    }

    private static Object models() {
        List<String> ids = new ArrayList<>();
        client().models().list().autoPager().forEach(model -> ids.add(model.validate().id()));
        return ids;
    }

    private static Map<String, Callable<Object>> scenarios() {
        Map<String, Callable<Object>> all = new LinkedHashMap<>();
        all.put("demo", () -> text("demo", 0));
        all.put("plain", Client::plain);
        all.put("stream", Client::stream);
        all.put("stream_usage", Client::streamUsage);
        all.put("tools", () -> called(complete(client(), askWithTools()).choices().get(0)));
        all.put("tools_stream", Client::toolsStream);
        all.put("unknown_key", () -> refused("UNKNOWN_KEY", "demo"));
        all.put("spent", () -> refused("SPENT_KEY", ANSWER));
        all.put("invalid", () -> refused(client(), ask("demo").messages(List.of()).build()));
        all.put("overflow", () -> refused("OPENAI_API_KEY", "overflow"));
        all.put("limited", Client::limited);
        all.put("no_such_model", () -> refused(client("COUNTED_KEY", 2), ask("no-such-model").build()));
        all.put("broken", Client::broken);
        all.put("put_off", () -> text(System.getenv("BUSY_MODEL"), 2));
        all.put("models", Client::models);
        all.put("model", () -> client().models().retrieve(ANSWER).id());
        return all;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        for (Map.Entry<String, Callable<Object>> scenario : scenarios().entrySet()) {
            try {
                seen.put(scenario.getKey(), scenario.getValue().call());
            } catch (Exception error) {
                // One scenario that fails must not hide the others.
                seen.put(scenario.getKey(), Map.of("failed", error.toString()));
            }
        }
        System.out.println(new ObjectMapper().writeValueAsString(seen));
        CLIENTS.values().forEach(OpenAIClient::close);
    }
}
