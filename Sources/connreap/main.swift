import ConnreapCommands

ConnreapCommand.runAndExit()
