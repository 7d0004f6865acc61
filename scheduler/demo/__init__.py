"""A fictitious practice, loaded through the services, and a tour of the main job."""
