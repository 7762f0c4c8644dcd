"""What runs in the sandbox, under the guest's Python. `values` is used on both sides."""
