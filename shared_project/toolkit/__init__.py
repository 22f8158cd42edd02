"""What finished commands share. Copy this folder into your project: it needs only Django."""
