"""`org.bluez` on a private D-Bus, answered by the virtual air: bleak's own BlueZ backend runs on it unmodified.

Only the address of the bus differs from a real machine (`DBUS_SYSTEM_BUS_ADDRESS`). What this cannot show is
bluetoothd itself and the radio.
"""
