"""Good documents of every surface and every wire, with as many of their fields as there are."""

from __future__ import annotations

from typing import Any

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": ["string", "null"], "enum": ["Rome"]}, "n": {"anyOf": [{"$ref": "#/$defs/n"}]}},
    "required": ["city"],
    "$defs": {"n": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
IMAGE = "data:image/png;base64,aW1hZ2U="
FUNCTION = {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}}
CALL = {"id": "call_1", "type": "function", "index": 0, "function": {"name": "f", "arguments": '{"city":"Rome"}'}}
CUSTOM_CALL = {"id": "call_2", "type": "custom", "index": 1, "custom": {"name": "c", "input": "text"}}
DETAIL = {"type": "reasoning.text", "text": "hm", "signature": "c2lnbmVk", "format": "anthropic-claude-v1", "index": 0}
PARTS = [
    {"type": "text", "text": "hello", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
    {"type": "input_audio", "input_audio": {"data": "aW1hZ2U=", "format": "wav"}},
    {"type": "file", "file": {"file_data": "data:application/pdf;base64,aW1hZ2U=", "filename": "a.pdf"}},
    {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
]
CHAT = {
    "model": "MODEL",
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "be good"}]},
        {"role": "user", "content": PARTS, "name": "someone"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                {"type": "text", "text": "x"},
            ],
            "reasoning_content": "hm",
            "reasoning_details": [DETAIL],
            "tool_calls": [CALL, CUSTOM_CALL],
            "extra_content": {"google": {"thought_signature": "c2ln", "parts": []}},
            "refusal": None,
            "audio": {"id": "a"},
        },
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": '{"a": 1}'}]},
        {"role": "tool", "tool_call_id": "call_2", "name": "c", "content": "done"},
        {"role": "developer", "content": "now"},
        {"role": "function", "name": "f", "content": "old"},
        {"role": "user", "content": "go on"},
    ],
    "tools": [FUNCTION, {"type": "custom", "custom": {"name": "c", "format": {"type": "text"}}}],
    "functions": [{"name": "f", "parameters": SCHEMA}],
    "function_call": {"name": "f"},
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA, "strict": True}},
    "stream": False,
    "stream_options": {"include_usage": True},
    "max_tokens": 16,
    "max_completion_tokens": 16,
    "n": 1,
    "stop": ["x"],
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 5,
    "logit_bias": {"1": 2},
    "logprobs": True,
    "top_logprobs": 2,
    "seed": 1,
    "reasoning_effort": "high",
    "reasoning": {"effort": "high", "max_tokens": 1024},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "service_tier": "flex",
    "prompt_cache_key": "k",
    "metadata": {"a": "b"},
    "user": "u",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
    "prediction": {"type": "content", "content": "x"},
    "web_search_options": {"search_context_size": "low"},
    "extra_body": {"google": {"thinking_config": {"thinking_budget": 1}, "safety_settings": []}},
    "safety_settings": [{"category": "HARM", "threshold": "OFF"}],
}
PLAIN_CHAT = {
    **{
        name: value for name, value in CHAT.items() if name not in ("tools", "functions", "function_call", "n", "audio")
    },
    "messages": [
        {"role": "system", "content": "be good"},
        {"role": "user", "content": PARTS[:2]},
        {"role": "assistant", "content": None, "reasoning_details": [DETAIL], "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "1"}, PARTS[1]]},
    ],
    "tools": [FUNCTION],
    "tool_choice": "auto",
    "modalities": ["text"],
}
"""What every upstream takes."""
SMALL_CHAT = {"model": "MODEL", "messages": [{"role": "user", "content": "hello"}]}
BLOCKS = [
    {"type": "text", "text": "hello", "cache_control": {"type": "ephemeral", "ttl": "1h"}, "citations": []},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aW1hZ2U="}},
    {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}, "title": "t", "context": "c"},
    {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]},
    {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "x"}], "is_error": True},
]
MESSAGES = {
    "model": "MODEL",
    "max_tokens": 2048,
    "system": [{"type": "text", "text": "be good", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": BLOCKS[:4]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"},
                {"type": "redacted_thinking", "data": "c2lnbmVk"},
                {"type": "text", "text": "x"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"city": "Rome"}},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            ],
        },
        {"role": "user", "content": BLOCKS[4:]},
        {"role": "system", "content": "late"},
    ],
    "tools": [
        {
            "name": "f",
            "description": "d",
            "input_schema": SCHEMA,
            "cache_control": {"type": "ephemeral"},
            "strict": True,
        },
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 1, "allowed_domains": ["a.b"]},
        {"type": "bash_20250124", "name": "bash"},
    ],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": SCHEMA}},
    "output_format": {"type": "json_schema", "schema": SCHEMA},
    "stop_sequences": ["x"],
    "stream": False,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 5,
    "metadata": {"user_id": "u"},
    "service_tier": "auto",
    "mcp_servers": [{"type": "url", "url": "https://example.com", "name": "m"}],
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "container": "c",
}
INPUT = [
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "be good"}]},
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "hello"},
            {"type": "input_image", "image_url": IMAGE, "detail": "low"},
            {"type": "input_file", "file_data": "data:application/pdf;base64,aW1hZ2U=", "filename": "a.pdf"},
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        ],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "e"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x", "annotations": []}]},
    {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"city":"Rome"}', "namespace": "n"},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "c", "input": "text"},
    {
        "type": "local_shell_call",
        "call_id": "call_3",
        "action": {"type": "exec", "command": ["ls"]},
        "status": "completed",
    },
    {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "x"}]},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "done"},
    {"type": "local_shell_call_output", "call_id": "call_3", "output": "done"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
]
RESPONSES = {
    "model": "MODEL",
    "instructions": "be good",
    "input": INPUT,
    "tools": [
        {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
        {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
        {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f", "parameters": SCHEMA}]},
        {"type": "web_search", "search_context_size": "low", "filters": {"allowed_domains": ["a.b"]}},
        {"type": "local_shell"},
        {"type": "mcp", "server_label": "m", "server_url": "https://example.com"},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "parallel_tool_calls": True,
    "reasoning": {"effort": "high", "summary": "auto"},
    "reasoning_effort": "high",
    "text": {"format": {"type": "json_schema", "name": "s", "schema": SCHEMA, "strict": True}, "verbosity": "low"},
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    "max_output_tokens": 16,
    "max_tool_calls": 1,
    "stream": False,
    "stream_options": {"include_obfuscation": False},
    "store": False,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_logprobs": 2,
    "truncation": "auto",
    "metadata": {"a": "b"},
    "user": "u",
    "service_tier": "flex",
    "prompt_cache_key": "k",
    "safety_identifier": "s",
    "background": False,
    "prompt": None,
    "context_management": [],
}
PLAIN_RESPONSES = {
    **{name: value for name, value in RESPONSES.items() if name not in ("tools", "tool_choice", "background")},
    "input": [INPUT[0], {"role": "user", "content": INPUT[1]["content"][:3]}, *INPUT[2:4], INPUT[7]],  # type: ignore[index]
    "tools": RESPONSES["tools"][:1],  # type: ignore[index]
}
"""What every upstream takes."""
SMALL_RESPONSES = {"model": "MODEL", "input": "hello"}
POINTING_RESPONSES = {
    "model": "MODEL",
    "input": [*INPUT[:1], {"type": "item_reference", "id": "rs_1"}, {"id": "rs_2"}],
    "previous_response_id": None,
    "store": True,
}

PLAIN_MESSAGES = {
    **{
        name: value
        for name, value in MESSAGES.items()
        if name not in ("mcp_servers", "container", "context_management")
    },
    "messages": [
        {"role": "user", "content": BLOCKS[:2]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}]},
        {"role": "user", "content": BLOCKS[4:]},
    ],
    "tools": MESSAGES["tools"][:1],  # type: ignore[index]
}
"""What every upstream takes."""

REQUESTS: dict[str, list[dict[str, Any]]] = {
    "/v1/chat/completions": [CHAT, PLAIN_CHAT, SMALL_CHAT],
    "/v1/messages": [MESSAGES, PLAIN_MESSAGES],
    "/v1/messages/count_tokens": [MESSAGES],
    "/v1/responses": [RESPONSES, PLAIN_RESPONSES, SMALL_RESPONSES, POINTING_RESPONSES],
    "/v1/embeddings": [
        {"model": "MODEL", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 8, "user": "u"},
        {"model": "MODEL", "input": [[1, 2], [3]]},
    ],
    "/v1/completions": [
        {"model": "MODEL", "prompt": ["a", "b"], "suffix": "s", "max_tokens": 9, "n": 2, "best_of": 3, "stream": False}
        | {"stream_options": {"include_usage": True}, "logprobs": 1, "echo": True, "stop": ["x"]},
    ],
    "/v1/fim/completions": [{"model": "MODEL", "prompt": "a", "suffix": "b", "max_tokens": 9, "stream": False}],
    "/v1/images/generations": [
        {"model": "MODEL", "prompt": "p", "n": 1, "size": "1024x1024", "quality": "low", "stream": False}
        | {"partial_images": 1, "response_format": "b64_json", "background": "auto"},
    ],
    "/v1/images/edits": [
        {"model": "MODEL", "prompt": "p", "images": [{"image_url": IMAGE}], "n": 1, "size": "auto", "stream": False}
    ],
    "/v1/audio/speech": [
        {"model": "MODEL", "input": "say", "voice": "alloy", "speed": 1.0, "response_format": "mp3"}
        | {"stream_format": "sse", "instructions": "slow"},
    ],
    "/v1/moderations": [{"model": "MODEL", "input": [{"type": "text", "text": "a"}]}],
    "/v1/rerank": [{"model": "MODEL", "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1}],
}
"""By the path that they are posted to; `MODEL` stands for a model's name."""

USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 1, "cached_tokens_details": {"audio_tokens": 1}},
    "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 1, "image_tokens": 1},
    "cost": 0.1,
    "cost_details": {"upstream_inference_cost": 0.1},
}
ENVELOPE = {"id": "id", "created": 1_700_000_000, "model": "m", "system_fingerprint": "fp", "service_tier": "default"}
LOGPROBS = {"content": [{"token": "a", "logprob": -1.0, "bytes": [97], "top_logprobs": []}], "refusal": None}
CITATION = {
    "type": "url_citation",
    "url_citation": {"url": "https://a.b", "title": "t", "start_index": 0, "end_index": 1},
}
ANSWERED = {
    "role": "assistant",
    "content": "hello",
    "reasoning_content": "hm",
    "reasoning": "hm",
    "reasoning_details": [DETAIL],
    "refusal": None,
    "annotations": [CITATION],
    "tool_calls": [CALL, CUSTOM_CALL],
    "function_call": {"name": "f", "arguments": "{}"},
    "extra_content": {"google": {"thought_signature": "c2ln"}},
    "images": [{"type": "image_url", "image_url": {"url": IMAGE}, "index": 0}],
    "audio": {"id": "a", "data": "aW1hZ2U=", "transcript": "x", "expires_at": 1},
}
CHAT_ANSWER = {
    **ENVELOPE,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": ANSWERED, "finish_reason": "tool_calls", "logprobs": LOGPROBS}],
    "usage": USAGE,
}
ERROR: dict[str, Any] = {
    "error": {"message": "no", "type": "invalid_request_error", "param": None, "code": "c", "metadata": {}}
}


def chunk(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One of a chat stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": LOGPROBS}
    return {**ENVELOPE, "object": "chat.completion.chunk", "choices": [choice], **more}


CHAT_CHUNKS = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "hm", "reasoning_details": [DETAIL]}),
    chunk({"content": "hello", "annotations": [CITATION]}),
    chunk({"tool_calls": [CALL]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}, CUSTOM_CALL]}),
    chunk({"extra_content": {"google": {"thought_signature": "c2ln"}}, "images": ANSWERED["images"]}),
    chunk({}, "tool_calls"),
    {**ENVELOPE, "choices": [], "usage": USAGE},
    ERROR,
]
CLAUDE_USAGE = {
    "input_tokens": 10,
    "output_tokens": 5,
    "cache_creation_input_tokens": 1,
    "cache_read_input_tokens": 1,
    "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 0},
    "server_tool_use": {"web_search_requests": 1},
    "iterations": [{"type": "message", "input_tokens": 1, "output_tokens": 1}],
    "service_tier": "standard",
}
CLAUDE_BLOCKS = [
    {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"},
    {"type": "redacted_thinking", "data": "c2ln"},
    {"type": "text", "text": "hello", "citations": [{"type": "char_location", "cited_text": "x", "document_index": 0}]},
    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"city": "Rome"}},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [{"type": "web_search_result", "url": "u"}],
    },
]
CLAUDE_ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": CLAUDE_BLOCKS,
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": CLAUDE_USAGE,
}
CLAUDE_EVENTS = [
    {"type": "message_start", "message": {**CLAUDE_ANSWER, "content": [], "stop_reason": None}},
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "hello"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "citations_delta", "citation": {"type": "x"}}},
    {"type": "content_block_stop", "index": 1},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
    },
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
    {"type": "content_block_stop", "index": 2},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": CLAUDE_USAGE},
    {"type": "message_stop"},
    {"type": "error", "error": {"type": "overloaded_error", "message": "no"}},
]
GEMINI_ANSWER = {
    "candidates": [
        {
            "index": 0,
            "content": {
                "role": "model",
                "parts": [
                    {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
                    {"text": "hello"},
                    {"functionCall": {"id": "1", "name": "f", "args": {"city": "Rome"}}, "thoughtSignature": "c2ln"},
                    {"inlineData": {"mimeType": "image/png", "data": "aW1hZ2U="}},
                    {"executableCode": {"language": "PYTHON", "code": "1"}},
                    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
                ],
            },
            "finishReason": "STOP",
            "safetyRatings": [{"category": "HARM", "probability": "LOW"}],
            "groundingMetadata": {
                "webSearchQueries": ["q"],
                "groundingChunks": [{"web": {"uri": "https://a.b", "title": "t"}}],
                "groundingSupports": [
                    {"segment": {"startIndex": 0, "endIndex": 1, "text": "h"}, "groundingChunkIndices": [0]}
                ],
            },
            "logprobsResult": {"chosenCandidates": [{"token": "a", "logProbability": -1}], "topCandidates": []},
        }
    ],
    "promptFeedback": {"safetyRatings": []},
    "usageMetadata": {
        "promptTokenCount": 10,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 1,
        "cachedContentTokenCount": 1,
        "toolUsePromptTokenCount": 1,
        "totalTokenCount": 16,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 5}],
    },
    "modelVersion": "g",
    "responseId": "r",
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1_700_000_000,
    "status": "completed",
    "model": "m",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "hello", "annotations": [], "logprobs": []}],
        },
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
    ],
    "usage": {
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "input_tokens_details": {"cached_tokens": 1},
        "output_tokens_details": {"reasoning_tokens": 1},
    },
    "error": None,
    "incomplete_details": None,
    "service_tier": "default",
}
RESPONSE_EVENTS = [
    {"type": "response.created", "sequence_number": 0, "response": {**RESPONSE, "output": [], "usage": None}},
    {"type": "response.output_item.added", "output_index": 0, "item": RESPONSE["output"][1]},  # type: ignore[index]
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": "hello"},
    {"type": "response.output_item.done", "output_index": 0, "item": RESPONSE["output"][1]},  # type: ignore[index]
    {"type": "response.completed", "response": RESPONSE},
    {"type": "response.failed", "response": {**RESPONSE, "status": "failed", "error": {"code": "c", "message": "no"}}},
    {"type": "error", "code": "c", "message": "no"},
]
OTHER_ANSWERS = [
    {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "m", "usage": USAGE},
    {"embeddings": [{"values": [0.5]}], "usageMetadata": {"promptTokenCount": 1}},
    {**ENVELOPE, "choices": [{"index": 0, "text": "x", "finish_reason": "stop", "logprobs": None}], "usage": USAGE},
    {**ENVELOPE, "choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}], "usage": USAGE},
    {"created": 1, "data": [{"b64_json": "aW1hZ2U=", "url": None, "revised_prompt": "p"}], "usage": CLAUDE_USAGE},
    {
        "text": "x",
        "usage": {"type": "duration", "seconds": 3},
        "duration": 3.0,
        "segments": [{"end": 3.0}],
        "words": [],
    },
    {"text": "x", "usage": {"type": "tokens", "input_tokens": 1, "output_tokens": 1, "input_token_details": {}}},
    {"id": "m", "model": "m", "results": [{"flagged": False, "categories": {}, "category_scores": {}}]},
    {"id": "r", "results": [{"index": 0, "relevance_score": 0.9, "document": {"text": "a"}}], "usage": USAGE}
    | {"meta": {"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 1}}},
    ERROR,
    {"type": "error", "error": {"type": "overloaded_error", "message": "no"}},
    {"detail": [{"loc": ["body", "model"], "msg": "no"}]},
    [{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT", "details": [{"retryDelay": "3s"}]}}],
]
OTHER_EVENTS = [
    {**ENVELOPE, "choices": [{"index": 0, "text": "x", "finish_reason": None}]},
    {**ENVELOPE, "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}], "usage": USAGE},
    {"type": "image_generation.partial_image", "b64_json": "aW1hZ2U=", "partial_image_index": 0},
    {"type": "image_generation.completed", "b64_json": "aW1hZ2U=", "usage": CLAUDE_USAGE},
    {"type": "speech.audio.delta", "audio": "aW1hZ2U="},
    {"type": "speech.audio.done", "usage": CLAUDE_USAGE},
    {"type": "transcript.text.delta", "delta": "x"},
    {"type": "transcript.text.done", "text": "x", "usage": CLAUDE_USAGE},
    ERROR,
]
WHOLE = [CHAT_ANSWER, CLAUDE_ANSWER, GEMINI_ANSWER, RESPONSE, *OTHER_ANSWERS]
STREAMS = [CHAT_CHUNKS, CLAUDE_EVENTS, [GEMINI_ANSWER, GEMINI_ANSWER], RESPONSE_EVENTS, OTHER_EVENTS]
