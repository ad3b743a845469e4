"""What the images are made of: bills of materials, and the audit of every lock."""
