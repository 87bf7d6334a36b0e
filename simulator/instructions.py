"""What is to be done when an alarm comes from one of the demonstration's homes. Invented, and the numbers are nobody's.

The numbers are of a series that is kept free for films and examples.
"""

from typing import Final

from gateway.ports.case import Instruction
from homecare.identity import HomeId

INSTRUCTIONS: Final = (
    Instruction(
        home=HomeId("home-demo-0001"),
        text="Ring alltid upp först. Hör dåligt på vänster öra: tala långsamt.\nSvarar ingen: skicka personal.",
        call_link="tel:+46846500401",
    ),
    Instruction(
        home=HomeId("home-demo-0002"),
        text="Har ramlat två gånger i vinter. Skicka personal om ingen svarar inom en minut.\n"
        "Digitalt lås. Hunden är snäll. Dottern ska inte väckas på natten.",
        call_link="tel:+46846500402",
    ),
    Instruction(
        home=HomeId("home-demo-0003"),
        text="Ring grannen en trappa ned, som har nyckel, om dörren inte går att öppna.",
        call_link="tel:+46846500403",
    ),
)
