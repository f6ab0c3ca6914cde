"""The Gradio interface of skinnet."""
