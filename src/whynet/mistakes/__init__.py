"""The catalogue of what people get wrong in code and data: planted in recipes, recognised in their code."""
