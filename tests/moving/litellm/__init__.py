"""Moving in from LiteLLM. The real files of a proxy are shared material; they are not part of the repository."""
