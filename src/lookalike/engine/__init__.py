"""From a Prompt to a Plan, and from a Plan to pictures, by one loop for all kinds of making."""
