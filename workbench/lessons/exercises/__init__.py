"""The checks of each lesson's exercises, one file for each lesson."""
