#!/bin/sh
# A first call with curl: set OPENAI_BASE_URL (http://127.0.0.1:4242/v1) and OPENAI_API_KEY (sk-…); sh chat.sh
set -eu
body='{"model": "'"${MODEL:-demo}"'", "messages": [{"role": "user", "content": "Hello!"}]'

curl --fail-with-body -sS "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \
    -H 'Content-Type: application/json' -d "$body}"
echo
curl --fail-with-body -sSN "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \
    -H 'Content-Type: application/json' -d "$body, \"stream\": true}"
