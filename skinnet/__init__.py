"""skinnet: detect skin cancer in photos of skin lesions. A demonstration, not a medical device."""

__version__ = "0.1.0"
