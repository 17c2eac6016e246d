"""Report pages in headless Chromium: errors, width, color scheme, print."""
