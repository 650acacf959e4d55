print("a GPU, or none")
