"""Tell the ends of jobs to who asked for it, until they have heard."""
