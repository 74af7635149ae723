"""How does a person prove who they are, and how is that kept until they sign out?"""
