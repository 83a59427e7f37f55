"""Laws, held against generated examples."""
