"""One module for each tab of the app: a title and `add(site)`, which adds its contents to the interface being built."""
