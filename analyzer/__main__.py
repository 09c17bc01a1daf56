"""`python -m analyzer` is the console command."""

from analyzer.cli import console

if __name__ == "__main__":
    console()
