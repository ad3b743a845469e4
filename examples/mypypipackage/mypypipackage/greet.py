def SayHello():
    print("Hello from MyPyPiPackage")
    return
