from .greet import SayHello
