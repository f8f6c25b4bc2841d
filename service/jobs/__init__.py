"""Batches and jobs: any number of texts, translated so that none is lost and none comes twice.

`records` reads the formats that are sent, `stream` translates while it reads, `store` keeps jobs
in a database, `work` translates one chunk of a job, `runner` does so in this process and
`celery_app` on many machines, `webhooks` tells the caller that a job has ended.

The database is the truth. Threads, processes, machines and the broker only say when to look at it.
"""
