"""Static archives for Apple's phones, and the XCFramework that carries those of all slices."""
