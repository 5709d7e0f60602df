"""What requests cost at a running gateway, where that is not simply the price table's answer."""
