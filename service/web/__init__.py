"""The page: server-rendered templates, one style sheet, one small script, no outside host."""
