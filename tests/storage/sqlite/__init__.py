"""The one file itself: writer, lock, migrations, backup, files that are refused, disks that fail."""
