"What capstone says of its run. Executed in the chapter, after the cell of that id."

# %% after d664007b
if DATA == 'digits': assert choice!='none' and table.loc[choice,('accuracy','mean')] > table.loc['none',('accuracy','mean')], 'wrong labels: mixing is expected to help'
if DATA == 'digits': assert gain['mean'].min() > 0, 'the alt text says that the bar without mixing is the lowest'
