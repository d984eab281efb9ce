"""Why a text came out as it did: what each of its words added to the logit, exactly."""
