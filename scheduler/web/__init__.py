"""What people see and programs call: thin routes over the services."""
