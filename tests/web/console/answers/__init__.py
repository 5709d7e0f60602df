"""What pages answer to the question that their readers come with."""
