"""Visit scheduling for licensed clinicians in patients' homes."""
