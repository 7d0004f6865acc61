"""Run the measurements that need nothing but the project: python -m benchmarks."""

from benchmarks import offers

if __name__ == "__main__":
    offers.main()
