-- Who declared stands in the declaration alone, which goes 24 months after it ended; the history of findings stays for years and keeps what was declared and when.
UPDATE finding SET body = body #- '{declared,by}' WHERE body #> '{declared,by}' IS NOT NULL;
UPDATE finding_revision SET body = body #- '{declared,by}' WHERE body #> '{declared,by}' IS NOT NULL;
