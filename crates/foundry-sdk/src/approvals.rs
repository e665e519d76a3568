//! Who decides whether a tool of an MCP server may be called.
