# truth: line 49 sign
# coding: utf-8

# # Classifying flowers with a neural net
# In[1]:


import numpy as np

np.random.seed(12)


# In[2]:


N = 50
X = np.vstack([np.random.randn(N, 4) * 0.6 + c for c in ([0, 0, 1, 0], [1, 2, 0, 1], [2, 0, -1, 1])])
y = np.repeat([0, 1, 2], N)
Y = np.zeros((3 * N, 3))
Y[np.arange(3 * N), y] = 1


# In[3]:


W1 = np.random.randn(4, 10) * np.sqrt(2 / 4)
b1 = np.zeros((1, 10))
W2 = np.random.randn(10, 3) * np.sqrt(2 / 10)
b2 = np.zeros((1, 3))
losses = []


# In[4]:


for it in range(300):
    Z1 = X.dot(W1) + b1
    H = np.maximum(0, Z1)
    S = H.dot(W2) + b2
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    losses.append(-np.log(P[np.arange(len(y)), y]).mean())
    G = (P - Y) / len(X)
    gW2, gb2 = H.T.dot(G), G.sum(0, keepdims=True)
    GH = G.dot(W2.T)
    GH[Z1 <= 0] = 0
    gW1, gb1 = X.T.dot(GH), GH.sum(0, keepdims=True)
    W1 -= 0.2 * gW1
    b1 += 0.2 * gb1
    W2 -= 0.2 * gW2
    b2 -= 0.2 * gb2


# In[5]:


print(losses[0], losses[-1])
print('train accuracy', (P.argmax(1) == y).mean())
