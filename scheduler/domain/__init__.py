"""The rules: time, place, licensure, visits, dosing, series and messages; standard library only."""
