"""What finished commands share.

Copy this folder into your project: it needs Django and tqdm, and its imports are relative.
"""
