# Which lab of the course this tree is, for grader and hand-in.
LAB := 6
