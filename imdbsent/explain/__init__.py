"""Why a text got its verdict: what each token adds to the logit, and what the network did on the way."""
