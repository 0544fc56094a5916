"""Learning to convert: what SD-IPC trains on pictures, and what its rivals train."""
