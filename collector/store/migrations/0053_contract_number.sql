-- By which the provider knows a centre's line: the number of the contract, or the subscriber's code.
ALTER TABLE site ADD COLUMN contract_number text;
