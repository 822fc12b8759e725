"""Signature containers: read by content, never by /SubFilter; built apart from their signature."""
