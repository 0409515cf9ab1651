"""Who asks for turns: threads of a worker process, or Celery. They only ring the bell; all state is in the tables."""
