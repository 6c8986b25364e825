"""`python -m whynet` is `whynet`."""

from whynet.interfaces.cli import main

if __name__ == "__main__":
    main()
